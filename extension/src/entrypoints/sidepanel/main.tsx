import { render } from 'preact';

import { Panel } from '../../panel/Panel';
import '../../panel/panel.css';

const place = document.getElementById('panel');
if (place) render(<Panel />, place);
